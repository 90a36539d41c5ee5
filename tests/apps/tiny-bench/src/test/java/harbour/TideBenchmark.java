package harbour;

import com.example.gauge.Stopwatch;
import static com.example.gauge.report.Table.row;

public class TideBenchmark {
	public static void main(String[] words) {
		Stopwatch watch = new Stopwatch();
		for (int hour = 0; hour < 1000000; hour++)
			Tide.height(hour);
		row(watch.elapsed());
	}
}
