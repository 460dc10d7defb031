// A frame that is filled by a form fills itself; without this there is the form's button.
document.querySelectorAll("form[data-load]").forEach((form) => {
  form.hidden = true;
  form.submit();
});
