document.querySelector("h1").textContent = "Save now"
