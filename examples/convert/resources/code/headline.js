document.querySelector('h1').textContent = 'Light from the north';
