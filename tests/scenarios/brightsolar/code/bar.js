document.body.insertAdjacentHTML("afterbegin", `<div>Free from ${window.limit}</div>`)
