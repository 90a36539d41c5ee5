<?php
require __DIR__ . '/berths.php';
?>
<h1>Berths</h1>
<?php while (list($name, $metres) = each($berths)) { ?>
<p><?php echo htmlspecialchars($name), ' ', $metres, ' m'; ?></p>
<?php } ?>
