package tiny;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;

class LampTest {
	@Test
	void describesItself() throws Exception {
		assertEquals("\"green (\u00e9)\"", new Lamp().describe());
	}

	@Test
	@Disabled("no wick")
	void burns() {
	}
}
