package transport

// delivery sorts the messages of one reader into batches, one a shard. It belongs to the reader's goroutine.
type delivery struct {
	sink    Sink
	traffic *traffic
	batches [][]Message
}

func newDelivery(l *Layer, n Network) delivery {
	return delivery{sink: l.sink, traffic: &l.metrics.of[n], batches: make([][]Message, l.shards)}
}

// add indexes b, which the delivery keeps, and puts it into its shard's batch; false: it was dropped.
func (d *delivery) add(b []byte, from Flow) bool {
	m, err := Index(b)
	if err != nil && m.Raw == nil {
		d.traffic.drop(dropMalformed)
		return false
	}
	m.Flow = from
	d.traffic.received.Inc()
	d.traffic.receivedBytes.Add(float64(len(m.Raw)))
	shard := ShardOf(m.CallID, len(d.batches))
	d.batches[shard] = append(d.batches[shard], m)
	return true
}

// flush hands all batches over.
func (d *delivery) flush() {
	for shard, batch := range d.batches {
		if len(batch) > 0 {
			d.sink.Receive(shard, batch)
			clear(batch) // an idle reader pins no message
			d.batches[shard] = batch[:0]
		}
	}
}
