'use strict';
const { hold } = require('./build/Release/winch.node');
const { mask } = require('bufferutil');

exports.hold = hold;

// What goes over the wire to the winch is masked, as its controller wants it.
exports.frame = function frame(text, key) {
	const source = Buffer.from(text);
	const out = Buffer.alloc(source.length);
	mask(source, key, out, 0, source.length);
	return out;
};
