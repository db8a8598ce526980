window.SwaggerUIBundle({
  url: '/docs/openapi.json',
  domNode: document.getElementById('page'),
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: 'none',
  filter: true,
  // The badge would send the document to a site outside.
  validatorUrl: null,
});
