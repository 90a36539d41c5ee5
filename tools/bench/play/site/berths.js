// The list comes from the server; what is searched for is left of it.
const list = document.getElementById('berths'), count = document.getElementById('count'), form = document.getElementById('find');
let berths = [], taken = 0;
const show = (some) => {
	list.replaceChildren(...some.map((b) => {
		const item = document.createElement('li'), name = document.createElement('h2'), text = document.createElement('p'), take = document.createElement('button');
		name.textContent = b.name;
		text.textContent = `${b.length} m, ${b.depth} m deep, ${b.price} a night`;
		take.textContent = `Take ${b.name}`;
		take.onclick = () => { taken++; take.disabled = true; count.textContent = `${b.name} is yours, ${taken} taken`; };
		item.append(name, text, take);
		return item;
	}));
};
form.onsubmit = (event) => {
	event.preventDefault();
	const wanted = new FormData(form).get('q').toLowerCase();
	const some = berths.filter((b) => b.name.toLowerCase().includes(wanted));
	show(some);
	count.textContent = `${some.length} found`;
};
fetch('berths.json').then((answer) => answer.json()).then((all) => { berths = all; show(all); count.textContent = `${all.length} berths`; });
