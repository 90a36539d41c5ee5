<?php

use Buoy\Bell;
use PHPUnit\Framework\TestCase;

class BellTest extends TestCase
{
    public function testRings(): void
    {
        $this->assertSame('ding ding ', (new Bell())->ring(2));
    }

    public function testShouts(): void
    {
        $this->assertSame('GRÜN', Buoy\shout('grün'));
    }

    public function testRed(): void
    {
        $this->markTestSkipped('no red buoy');
    }
}
