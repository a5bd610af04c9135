// Package bench measures the engine from end to end: records on a real Kafka in,
// rows out. `go test -bench . -count 6 ./bench` starts the broker by itself; the
// figures are CPU time of this process, since machines are noisy.
package bench
