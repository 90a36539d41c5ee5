package tiny.glass;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class GlassTest {
	@Test
	void keepsItsLetters() {
		assertEquals("green (\u00e9)", Glass.quote("green"));
	}
}
