<?php
final class TideTest extends PHPUnit\Framework\TestCase
{
    public function testAlpha(): void { $this->assertTrue(true); }

    public function testBeta(): void
    {
        $mode = getenv('MODE');
        if ($mode === 'fail') $this->assertSame('low', 'high');
        if ($mode === 'crash') posix_kill(posix_getpid(), 11);
        if ($mode === 'skip') $this->markTestSkipped('no moon');
        if ($mode === 'kill') sleep(600);
        $this->assertTrue(true);
    }

    /** @dataProvider depths */
    public function testGamma($d): void { $this->assertNotEmpty($d); }
    public static function depths(): array { return ['deep' => [1], 'deeper' => [2]]; }
}
