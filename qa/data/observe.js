// Run in a world of the driver's own.  ("content"): a text that differs when anything of the page does.  ("focus"): where
// the keyboard is, behind "parts " where that has several.  ("page", origin): what the document is made of, and what is
// wrong with it as far as it can be seen from inside; frames of its origin and open shadow trees included.  Lists are bounded.
((mode, origin) => {
	const MAX_NODES = 20000, MAX_CHECKS = 200, MAX_TEXTS = 1500, MAX_TEXT = 200000;
	const inner = (e) => of(e).shadowRoot ? [of(e).shadowRoot] : of(e).localName === 'iframe' && of(e).contentDocument ? [of(e).contentDocument] : [];
	const hash = (text, h = 0x811c9dc5) => {
		for (let i = 0; i < text.length; i++)
			h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0;
		return h;
	};
	const part = (e) => {
		const same = of(e).parentNode ? [...of(of(e).parentNode).children].filter((o) => of(o).localName === of(e).localName) : [e];
		return of(e).localName + (of(e).id ? '#' + of(e).id : same.length > 1 ? ':' + (same.indexOf(e) + 1) : '');
	};
	const where = (e) => {
		const parts = [];
		for (let n = e; n && of(n).nodeType === 1 && parts.length < 60;) {
			parts.unshift(part(n));
			const root = of(n).getRootNode();
			n = of(n).parentElement || of(root).host || (of(root).defaultView && of(root).defaultView.frameElement);
		}
		return parts.join('>').slice(0, 500);
	};

	if (mode === 'content') {
		let h = 0;
		const add = (root) => {
			const top = of(root).documentElement || root;
			h = hash(of(top).outerHTML || of(top).innerHTML, h);
			for (const e of of(root).querySelectorAll('*')) {
				if (of(e).scrollTop || of(e).scrollLeft || 'value' in of(e) || 'checked' in of(e))
					h = hash(`${of(e).scrollTop},${of(e).scrollLeft},${of(e).value},${of(e).checked},${of(e).selectedIndex}`, h);
				if (of(e).localName === 'canvas')
					try { h = hash(of(e).toDataURL(), h); } catch (x) { /* of another origin */ }
				inner(e).forEach(add);
			}
		};
		add(document);
		return h + ' ' + location.href;
	}
	if (mode === 'focus') {
		let e = of(document).activeElement;
		while (e && of(e).shadowRoot && of(e).shadowRoot.activeElement)
			e = of(e).shadowRoot.activeElement;
		if (!e || e === of(document).body || of(e).localName === 'iframe')
			return '';
		const parts = /^(date|time|datetime-local|month|week)$/.test(of(e).type); // of which each is reached by itself
		return (parts ? 'parts ' : '') + where(e);
	}

	const nodes = [], checks = [], texts = [], comments = [];
	let painted = false, focusable = 0, invalid = false;
	const check = (kind, cause, text) => {
		if (checks.length < MAX_CHECKS)
			checks.push({kind, cause: cause.slice(0, 500), text: text.slice(0, 500)});
	};
	const own = (url) => { try { return new URL(url, of(document).baseURI).origin === origin; } catch (x) { return false; } };
	const short = (url) => { try { const u = new URL(url, of(document).baseURI); return u.pathname + u.search; } catch (x) { return String(url); } };
	const words = (text) => text.replace(/\s+/g, ' ').trim();
	const shown = (e) => of(e).checkVisibility({checkOpacity: true, checkVisibilityCSS: true});

	// ---- what it is made of: elements, roles and controls, not texts
	const label = (e) => {
		const get = (name) => of(e).getAttribute(name) || '';
		let l = of(e).localName;
		if (get('role'))
			l += '[' + get('role') + ']';
		if (/^(input|select|textarea|button)$/.test(l) || get('role') === 'button')
			l += '.' + get('type') + '.' + get('name').replace(/\d+/g, '#') + (of(e).disabled ? '.off' : '');
		if (of(e).localName === 'button' || get('role') === 'button' || of(e).localName === 'summary')
			l += '"' + words(of(e).textContent).replace(/\d+/g, '#').slice(0, 40) + '"';
		if (of(e).localName === 'form')
			l += '.' + of(e).method + '.' + short(of(e).action).replace(/\?.*/, '').replace(/\d+/g, '#');
		for (const state of ['aria-expanded', 'aria-selected', 'aria-current', 'open'])
			if (of(e).hasAttribute(state))
				l += '.' + state + '=' + get(state);
		return l;
	};

	// ---- colours
	const rgba = (text) => (text.match(/[\d.]+/g) || []).map(Number);
	const light = (c) => c.slice(0, 3).map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const ground = (e) => { // null: it is not one colour
		for (let n = e; n; n = of(n).parentElement) {
			const s = getComputedStyle(n), c = rgba(s.backgroundColor);
			if (s.backgroundImage !== 'none' || s.opacity !== '1' || !/^rgb/.test(s.backgroundColor))
				return null;
			if (c.length === 3 || c[3] === 1)
				return c;
			if (c[3] > 0)
				return null;
		}
		return [255, 255, 255];
	};
	const hex = (c) => '#' + c.slice(0, 3).map((v) => Math.round(v).toString(16).padStart(2, '0')).join('');
	// A cause has no numbers: each half of a byte is a letter.
	const letters = (c) => hex(c).slice(1).replace(/./g, (h) => String.fromCharCode(97 + parseInt(h, 16)));
	const dim = new Set(); // pairs of colours of this page that are told
	const checkContrast = (e, s, text) => {
		const back = ground(e), front = rgba(s.color);
		if (!back || !/^rgb/.test(s.color) || (front.length > 3 && front[3] < 1) || s.textShadow !== 'none' || of(e).closest('[disabled], [aria-disabled=true]'))
			return;
		const [a, b] = [light(back), light(front)].sort((x, y) => y - x);
		const size = parseFloat(s.fontSize), large = size >= 24 || (size >= 18.66 && +s.fontWeight >= 700);
		const ratio = (a + 0.05) / (b + 0.05);
		const pair = `${letters(front)} on ${letters(back)}`; // one rule of a style sheet, wherever it shows
		if (ratio >= (large ? 3 : 4.5) - 0.005 || dim.has(pair))
			return;
		dim.add(pair);
		check('contrast', pair, `"${text.slice(0, 60)}" has a contrast of ${ratio.toFixed(2)}, ${hex(front)} on ${hex(back)}`);
	};

	// ---- texts
	// What overflows may be something else in it: the text itself must go beyond.
	const checkClipped = (e, s, text, lines) => {
		const cuts = (v) => v === 'hidden' || v === 'clip';
		if (of(e).clientWidth <= 2 || of(e).clientHeight <= 2 || s.clip !== 'auto' || s.clipPath !== 'none' || /^(input|textarea|select)$/.test(of(e).localName))
			return;
		const across = cuts(s.overflowX) && s.textOverflow === 'clip' && of(e).scrollWidth > of(e).clientWidth + 2;
		const down = cuts(s.overflowY) && s.webkitLineClamp === 'none' && of(e).scrollHeight > of(e).clientHeight + parseFloat(s.fontSize) * 0.5;
		const box = of(e).getBoundingClientRect(), beyond = lines.some((l) => (across && (l.right > box.right + 2 || l.left < box.left - 2)) ||
			(down && l.bottom > box.bottom + parseFloat(s.fontSize) * 0.25));
		if (beyond && s.textIndent === '0px')
			check('clipped', where(e), `"${text.slice(0, 60)}" is cut off`);
	};
	const takeText = (node, e) => {
		const text = words(node.data);
		if (!text || texts.length >= MAX_TEXTS || !shown(e))
			return;
		const range = of(of(e).ownerDocument).createRange(), s = getComputedStyle(e);
		range.selectNodeContents(node);
		const seen = [...range.getClientRects()].filter((r) => r.width > 1 && r.height > 1);
		if (!seen.length)
			return;
		painted = true;
		for (const r of seen)
			texts.push({e, text, doc: of(e).ownerDocument, x: r.left, y: r.top, w: r.width, h: r.height});
		checkContrast(e, s, text);
		checkClipped(e, s, text, seen);
	};
	// The upper one may be meant to cover the lower: then it has a ground of its own, or it is out of the flow.
	const covers = (e, other) => {
		for (let n = e; n && !of(n).contains(other); n = of(n).parentElement) {
			const s = getComputedStyle(n), c = rgba(s.backgroundColor);
			if (s.backgroundImage !== 'none' || (/^rgb/.test(s.backgroundColor) && (c.length === 3 || c[3] > 0)))
				return true;
			if (s.overflow !== 'visible')
				return true; // scrolled out of sight, perhaps
		}
		return false;
	};
	const checkOverlaps = () => {
		texts.sort((a, b) => a.y - b.y);
		const told = new Set();
		for (let i = 0; i < texts.length; i++)
			for (let k = i + 1; k < texts.length && texts[k].y < texts[i].y + texts[i].h; k++) {
				const a = texts[i], b = texts[k];
				if (a.e === b.e || a.doc !== b.doc || of(a.e).contains(b.e) || of(b.e).contains(a.e))
					continue;
				const w = Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x);
				const h = Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y);
				if (w <= 2 || h <= 3 || w * h < 0.3 * Math.min(a.w * a.h, b.w * b.h) || covers(a.e, b.e) || covers(b.e, a.e))
					continue;
				const cause = [where(a.e), where(b.e)].sort().join(' ');
				if (!told.has(cause))
					check('overlap', cause, `"${a.text.slice(0, 50)}" and "${b.text.slice(0, 50)}" lie over each other`);
				told.add(cause);
			}
	};

	// ---- elements
	const takeElement = (e) => {
		const s = getComputedStyle(e);
		if (/^(img|svg|canvas|video|input|button|select|textarea|iframe|object|embed|hr|meter|progress)$/.test(of(e).localName) && shown(e))
			painted = true;
		if (s.backgroundImage !== 'none' || (of(e).localName !== 'html' && of(e).localName !== 'body' && !/^(transparent|rgba\(.*, 0\))$/.test(s.backgroundColor) && of(e).clientHeight > 4))
			painted = true;
		if (of(e).localName === 'img' && of(e).complete && !of(e).naturalWidth && of(e).currentSrc && own(of(e).currentSrc))
			check('image', short(of(e).currentSrc), `the picture ${short(of(e).currentSrc)} does not show`);
		if (of(e).localName === 'img' && !of(e).hasAttribute('alt') && !of(e).getAttribute('aria-label') && !of(e).title && !/^(none|presentation)$/.test(of(e).getAttribute('role') || '') && shown(e))
			check('alt', short(of(e).currentSrc || of(e).src), `the picture ${short(of(e).currentSrc || of(e).src)} has no alternative text`);
		if (of(e).localName === 'form' && !of(e).noValidate && !of(e).checkValidity())
			invalid = true;
		if (of(e).tabIndex >= 0 && !of(e).disabled && of(e).localName !== 'iframe' && shown(e) && of(e).matches('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex], [contenteditable]'))
			focusable++;
	};
	const walk = (root, depth) => {
		for (const e of of(root).childNodes || []) {
			if (nodes.length >= MAX_NODES)
				return;
			if (of(e).nodeType === 8)
				comments.push(of(e).data.slice(0, 2000));
			if (of(e).nodeType === 3 && of(root).nodeType === 1)
				takeText(e, root);
			if (of(e).nodeType !== 1 || /^(head|script|style|noscript|template|link|meta|br|wbr)$/.test(of(e).localName))
				continue;
			if (of(e).localName !== 'option' && !of(e).checkVisibility())
				continue;
			nodes.push([depth, label(e).slice(0, 200)]);
			if (of(e).localName === 'select' || of(e).namespaceURI !== 'http://www.w3.org/1999/xhtml')
				continue; // what is in it is no structure of the page
			takeElement(e);
			walk(e, depth + 1);
			for (const r of inner(e))
				walk(r, depth + 1);
		}
	};
	const checkWidth = () => {
		const top = of(document).documentElement, body = of(document).body;
		const hides = (e) => e && /hidden|clip/.test(getComputedStyle(e).overflowX);
		if (of(top).scrollWidth <= of(top).clientWidth + 1 || hides(top) || hides(body))
			return;
		let widest = null, right = of(top).clientWidth + 1;
		for (const e of of(document).body.querySelectorAll('*')) {
			const r = of(e).getBoundingClientRect();
			if (r.width && r.right > right)
				[widest, right] = [e, r.right];
		}
		check('overflow', widest ? where(widest) : 'page', `the page is ${of(top).scrollWidth} pixels wide in a window of ${of(top).clientWidth}`);
	};

	const outside = location.origin !== origin, lost = location.protocol === 'chrome-error:';
	if (!outside && of(document).body) {
		walk(document, 0);
		checkOverlaps();
		checkWidth();
		if (!painted && of(document).contentType === 'text/html')
			check('blank', location.pathname, 'the page shows nothing');
		if (of(document).contentType === 'text/html' && !of(document).documentElement.lang)
			check('language', 'html', 'the page does not say its language');
		if (of(document).contentType === 'text/html' && !words(of(document).title))
			check('title', location.pathname, 'the page has no title');
	}
	const text = of(document).body ? of(document).body.innerText.slice(0, MAX_TEXT) : '';
	return {nodes, checks, focusable, invalid, outside, lost, path: location.pathname.slice(0, 1000),
		text: text + '\n' + comments.join('\n').slice(0, MAX_TEXT)};
})
