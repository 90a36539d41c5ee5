package harbour;

public class Tide {
	public static int height(int hour) {
		return hour % 12 < 6 ? hour % 12 : 12 - hour % 12;
	}
}
