package tiny.glass;

public class Glass {
	/** Of the tint 'émeraude', quoted. */
	public static String quote(String text) {
		return text + " (é)";
	}
}
