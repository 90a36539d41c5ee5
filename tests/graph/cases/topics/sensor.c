int tell_sensor(void *m)
{
	return mosquitto_publish(m, 0, "tide/level", 1, "1", 0, 0);
}

int hear_sensor(void *m)
{
	return mosquitto_subscribe(m, 0, "tide/level", 0);
}
