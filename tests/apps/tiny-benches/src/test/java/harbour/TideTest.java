package harbour;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.example.gauge.Stopwatch;
import org.junit.jupiter.api.Test;

class TideTest {
	@Test
	void isFast() {
		assertEquals(0, new Stopwatch().elapsed());
	}
}
