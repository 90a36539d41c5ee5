package com.acme;

import com.acme.util.Base;
import java.util.List;

public class App extends Base {
	private final Base other;
	App(Base other) { this.other = other; }
	protected int size() { return 1; }
	int run(List<String> names) {
		Base b = Base.make();
		names.size();
		return b.doubled() + this.size() + other.doubled() + doubled();
	}
	static App create() { return new App(null); }
}
