import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  toActiveRequestAttributes,
  toClientDurationAttributes,
  toServerDurationAttributes,
} from '../../src/http-semconv/metrics.ts';

const SERVER_SPAN = {
  'http.request.method': 'GET',
  'http.request.method_original': 'get',
  'url.scheme': 'https',
  'url.path': '/cart/17',
  'url.query': 'page=2',
  'http.route': '/cart/:id',
  'server.address': 'shop.example',
  'server.port': 443,
  'client.address': '10.0.0.7',
  'user_agent.original': 'curl',
  'network.peer.address': '10.0.0.7',
  'network.peer.port': 4711,
  'network.protocol.version': '1.1',
  'http.response.status_code': 500,
  'error.type': '500',
  'http.request.header.x-team': ['a'],
};
const CLIENT_SPAN = {
  'http.request.method': 'POST',
  'server.address': 'api.example',
  'server.port': 8443,
  'url.full': 'https://api.example:8443/pay?page=2',
  'url.template': '/pay',
  'network.peer.address': '10.0.0.8',
  'network.protocol.version': '1.1',
  'http.request.resend_count': 1,
  'error.type': 'ECONNRESET',
};

suite('attributes of the HTTP metrics', () => {
  test('a server duration has method, scheme, route and outcome, and nothing the client chooses freely', () => {
    assert.deepEqual(toServerDurationAttributes(SERVER_SPAN), {
      'http.request.method': 'GET',
      'url.scheme': 'https',
      'http.route': '/cart/:id',
      'http.response.status_code': 500,
      'error.type': '500',
      'network.protocol.version': '1.1',
    });
  });

  test('a client duration has method, server and outcome', () => {
    assert.deepEqual(toClientDurationAttributes(CLIENT_SPAN), {
      'http.request.method': 'POST',
      'server.address': 'api.example',
      'server.port': 8443,
      'error.type': 'ECONNRESET',
      'network.protocol.version': '1.1',
    });
  });

  test('open requests have method and scheme', () => {
    assert.deepEqual(toActiveRequestAttributes(SERVER_SPAN), { 'http.request.method': 'GET', 'url.scheme': 'https' });
  });

  test('a scheme that somebody made up is _OTHER', () => {
    assert.equal(toServerDurationAttributes({ ...SERVER_SPAN, 'url.scheme': 'x17' })['url.scheme'], '_OTHER');
  });

  test('the protocol is named only where it is not http', () => {
    assert.equal(
      toClientDurationAttributes({ ...CLIENT_SPAN, 'network.protocol.name': 'http' })['network.protocol.name'],
      undefined,
    );
    assert.equal(
      toClientDurationAttributes({ ...CLIENT_SPAN, 'network.protocol.name': 'spdy' })['network.protocol.name'],
      'spdy',
    );
  });
});
