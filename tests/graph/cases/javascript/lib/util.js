function used(x) { return x; }
const arrow = (x) => used(x);
module.exports = { used, arrow };
