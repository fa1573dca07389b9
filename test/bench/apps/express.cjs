// Loaded by test/bench/load.ts: a route with a parameter and a JSON answer, what many services look like.
const express = require('express');

const app = express();
app.get('/users/:id', (request, response) => response.json({ id: request.params.id, name: 'Ada', roles: ['admin'] }));
const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
