// Behind axe-core, in a world of the driver's own: what breaks WCAG 2.1 on level A or AA, as checks {kind, cause, text}, but for what
// observe.js looks at itself.  (origin): a document of another one is nobody's fault here.  Each frame is asked by itself, and then not what
// is a matter of the page alone.  A medium that plays by itself and may never load is not waited for.
((origin) => self.origin !== origin ? [] : axe.run(document, {
	runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'],
	rules: Object.fromEntries(['color-contrast', 'label', 'select-name', 'button-name', 'link-name', 'input-button-name', 'image-alt',
		'html-has-lang', 'document-title', ...(self === top ? [] : ['bypass', 'aria-hidden-body', 'meta-viewport'])].map((name) => [name, {enabled: false}])),
	resultTypes: ['violations'],
	iframes: false,
	elementRef: false,
	preload: false,
}).then(({violations}) => violations.slice(0, 100).map((v) => ({
	kind: 'axe',
	cause: `${v.id} ${self === top ? '' : `in ${location.pathname} `}${v.nodes[0].target.flat().join(' ')}`.slice(0, 500),
	text: `${v.id}: ${v.help}: ${v.nodes[0].html.slice(0, 200)}${v.nodes.length > 1 ? ` and ${v.nodes.length - 1} more` : ''}`.slice(0, 500),
}))))
