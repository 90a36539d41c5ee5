'use strict';
const test = require('node:test');
const assert = require('node:assert');
const winch = require('..');

test('no turn holds nothing', () => assert.strictEqual(winch.hold(500, 0.2, 0), 500));
test('three turns hold almost all', () => assert.ok(winch.hold(500, 0.2, 3) < 12));
test('a frame is masked', () => {
	assert.deepStrictEqual([...winch.frame('haul', Buffer.from([1, 2, 3, 4]))], [0x69, 0x63, 0x76, 0x68]);
});
