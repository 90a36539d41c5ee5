package tiny;

import static org.junit.Assert.assertEquals;

import org.junit.Ignore;
import org.junit.Test;

public class SignalTest {
	@Test
	public void hoistsFromTheBottom() {
		assertEquals("YOHA", Signal.hoist("ahoy"));
	}

	@Test
	public void hoistsNothing() {
		assertEquals("", Signal.hoist(""));
	}

	@Ignore("no lamp")
	@Test
	public void flashes() {
	}
}
