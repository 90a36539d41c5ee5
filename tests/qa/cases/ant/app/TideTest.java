import org.junit.*;
import static org.junit.Assert.*;
@FixMethodOrder(org.junit.runners.MethodSorters.NAME_ASCENDING)
public class TideTest {
	@Test public void alpha() {}
	@Test public void beta() throws Exception {
		String mode = System.getenv("MODE");
		if (mode.equals("fail")) assertEquals("low", "high");
		if (mode.equals("crash")) Runtime.getRuntime().halt(139);
		Assume.assumeTrue("no moon", !mode.equals("skip"));
		if (mode.equals("kill")) Thread.sleep(600000);
	}
	@Test public void gamma() {}
}
