const bar = document.querySelector('.buy-bar');
if (bar) bar.dataset.sticky = 'on';
