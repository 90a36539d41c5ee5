# jq -n -f scenarios.jq [--argjson n 30]: scenarios for `drydock qa play`, of three kinds and six steps each; peers read the same.
[range($n)] | {scenarios: map(. as $i | "Pier \($i + 1)" as $berth | [
	{name: "take a berth \($i)", steps: [{go: "/"}, {expect: {text: "60 berths"}},
		{type: {role: "textbox", name: "Search", text: $berth}}, {click: {role: "button", name: "Find"}},
		{click: {role: "button", name: "Take \($berth)"}}, {expect: {text: "\($berth) is yours, 1 taken"}}]},
	{name: "sign in \($i)", steps: [{go: "/sign.html"}, {type: {role: "textbox", name: "User", text: "anna\($i)"}},
		{type: {role: "textbox", name: "Boat", text: "Ida"}}, {click: {role: "checkbox", name: "Shore power"}},
		{click: {role: "button", name: "Enter"}}, {expect: {text: "Welcome anna\($i) of Ida, with power"}}]},
	{name: "write a note \($i)", steps: [{go: "/"}, {click: {role: "link", name: "Notes"}},
		{type: {role: "textbox", name: "Note", text: "tide at \($i)"}}, {click: {role: "button", name: "Add"}},
		{expect: {text: "1 notes"}}, {expect: {text: "tide at \($i)"}}]}
] | .[$i % 3])}
