package com.acme.util;

public abstract class Base {
	protected abstract int size();
	public int doubled() { return 2 * size(); }
	public static Base make() { return null; }
}
