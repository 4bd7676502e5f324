const form = document.querySelector('.quote-form');
if (form) {
  form.querySelector('h2').textContent = 'Your quote in 30 seconds';
}
