const days = 12;
document.body.insertAdjacentHTML('afterbegin', `<p class="banner">${days} days to Easter</p>`);
