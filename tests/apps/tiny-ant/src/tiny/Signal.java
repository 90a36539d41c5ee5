package tiny;

import java.util.Locale;
import org.apache.commons.lang3.StringUtils;

/** Flags of a signal. */
public final class Signal {
	private Signal() {
	}

	public static String hoist(String word) {
		return StringUtils.reverse(word).toUpperCase(Locale.ROOT);
	}
}
