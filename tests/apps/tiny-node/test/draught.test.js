'use strict';
const test = require('node:test');
const assert = require('node:assert');
const draught = require('../draught.js');

test('a barge', () => assert.strictEqual(draught(200, 20, 5), 2));
test('no beam', () => assert.throws(() => draught(1, 1, 0), RangeError));
