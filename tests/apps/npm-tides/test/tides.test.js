'use strict';
const test = require('node:test');
const nanoassert = require('nanoassert');
const tides = require('../tides.js');

const hour = 3600000;

test('two high waters a day', () => {
	nanoassert(tides.between(0, 0, 24 * hour).length === 2);
});
test('none in the hour after one', () => {
	nanoassert(tides.between(0, 1, hour).length === 0);
});
test('durations for people', () => {
	nanoassert(tides.describe(12 * hour) === '12 hours');
});
