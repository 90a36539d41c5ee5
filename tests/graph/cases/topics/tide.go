package quay

func tell(nc Conn, rdb Client) {
	nc.Publish("tide.high", nil)
	rdb.Publish(ctx, "tide", "low")
}

func hear(nc Conn) {
	nc.QueueSubscribe("tide.high", "workers", nil)
}
