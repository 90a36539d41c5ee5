'use strict';

// Draught in metres of a box-shaped hull in fresh water: mass in tonnes, length and beam in metres.
module.exports = function draught(mass, length, beam) {
	if (!(length > 0 && beam > 0)) throw new RangeError('a hull has a length and a beam');
	return mass / (length * beam);
};
