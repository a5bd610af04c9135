package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sqlstream/sqlstream/internal/broker"
)

func brokerCommand() *cobra.Command {
	var listen string
	var topics []string
	cmd := &cobra.Command{
		Use:   "broker",
		Short: "Run a Kafka broker to try things out with",
		Long: `Run a Kafka broker inside this process until ^C. It speaks Kafka's protocol to any
client on this machine and keeps everything in memory: what it holds is gone when it
ends. Topics are made when a client first writes to them.`,
		Example: `  sqlstream broker
  sqlstream broker --listen 127.0.0.1:19092 --topic tweet:4`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			made, err := topicList(topics)
			if err != nil {
				return err
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			b, err := broker.Start(broker.Options{Listen: listen, Topics: made, AutoCreate: true})
			if err != nil {
				return err
			}
			defer b.Close()
			fmt.Printf("broker at %s; ^C stops it\n", b.Addr())
			<-ctx.Done()
			return nil
		},
	}
	cmd.Flags().StringVar(&listen, "listen", broker.DefaultListen, "loopback address and port; port 0 takes a free one")
	cmd.Flags().StringArrayVar(&topics, "topic", nil, "a topic to make, NAME or NAME:PARTITIONS")
	return cmd
}

func topicList(topics []string) (map[string]int32, error) {
	made := map[string]int32{}
	for _, t := range topics {
		name, number, given := strings.Cut(t, ":")
		n := int64(1)
		if given {
			var err error
			if n, err = strconv.ParseInt(number, 10, 32); err != nil || n < 1 {
				return nil, usagef("--topic %s: '%s' is no number of partitions", t, number)
			}
		}
		made[name] = int32(n)
	}
	return made, nil
}
