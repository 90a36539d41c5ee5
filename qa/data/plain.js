// Put before each script that runs in a world of the driver's own.  Fields of a form, and pictures and forms of a document,
// stand in the way of what these have by themselves when they are named alike (HTML, "named property"): of(node) has what
// the node's own kind has, whatever the page is made of.
const of = (() => {
	const kind = {
		get: (node, key) => {
			const value = Reflect.get(Object.getPrototypeOf(node), key, node);
			return typeof value === 'function' ? value.bind(node) : value;
		},
		set: (node, key, value) => Reflect.set(Object.getPrototypeOf(node), key, value, node),
		has: (node, key) => key in Object.getPrototypeOf(node),
	};
	return (node) => node && /^HTML(Form|Document)/.test(node[Symbol.toStringTag]) ? new Proxy(node, kind) : node;
})();
