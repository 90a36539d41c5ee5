package harbour;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class TideTest {
	@Test
	void risesUntilNoon() {
		assertEquals(3, Tide.height(3));
		assertEquals(3, Tide.height(9));
	}
}
