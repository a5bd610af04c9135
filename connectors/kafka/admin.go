package kafka

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"github.com/sqlstream/sqlstream/connectors"
	"github.com/sqlstream/sqlstream/internal/suggest"
)

// requireTopics makes the table's topics that do not exist, or says which one
// does not.
func (c *cluster) requireTopics(ctx context.Context) error {
	for _, name := range c.config.topics {
		if c.partitionsOf(name) > 0 {
			continue
		}
		if !c.create {
			return c.noTopic(ctx, name)
		}
		if err := c.makeTopic(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) noTopic(ctx context.Context, name string) error {
	err := fmt.Errorf("topic '%s' does not exist on %s; make it, or set auto_create = 'true'", name, strings.Join(c.servers, ", "))
	names, lerr := c.topicNames(ctx)
	if near := suggest.Nearest(name, names); lerr == nil && near != "" {
		return fmt.Errorf("topic '%s' does not exist on %s; did you mean '%s'? auto_create = 'true' makes it", name, strings.Join(c.servers, ", "), near)
	}
	return err
}

// makeTopic makes a topic and waits until its partitions have leaders.
func (c *cluster) makeTopic(ctx context.Context, name string) error {
	detail := &sarama.TopicDetail{NumPartitions: c.partitions, ReplicationFactor: c.replication}
	r := retry{c: c, what: fmt.Sprintf("making topic '%s'", name)}
	for {
		err := c.askToMake(ctx, name, detail)
		if err == nil || errors.Is(err, sarama.ErrTopicAlreadyExists) {
			break
		}
		if passing(err) {
			err = r.pause(ctx, err)
		} else {
			err = fmt.Errorf("make topic '%s': %w", name, c.explained(err))
		}
		if err != nil {
			return err
		}
	}
	for {
		if err := c.refresh(ctx); err != nil && !passing(err) {
			return err
		}
		if c.led(name) {
			r.done()
			return nil
		}
		if err := r.pause(ctx, errNoLeader); err != nil {
			return err
		}
	}
}

func (c *cluster) askToMake(ctx context.Context, name string, detail *sarama.TopicDetail) error {
	c.mu.Lock()
	addr, ok := c.brokers[c.controller]
	if !ok {
		addr = c.addresses("")[0] // it passes the request on
	}
	c.mu.Unlock()
	req := sarama.NewCreateTopicsRequest(c.client.Version, map[string]*sarama.TopicDetail{name: detail}, 30*time.Second, false)
	res, err := call(ctx, c.pool, addr, func(b *sarama.Broker) (*sarama.CreateTopicsResponse, error) { return b.CreateTopics(req) })
	if err != nil {
		return err
	}
	e := res.TopicErrors[name]
	if e == nil || e.Err == sarama.ErrNoError {
		return nil
	}
	if e.ErrMsg != nil && *e.ErrMsg != "" && !passing(e.Err) && e.Err != sarama.ErrTopicAlreadyExists {
		return fmt.Errorf("%s (%w)", *e.ErrMsg, e.Err)
	}
	return e.Err
}

// led reports that every partition of a topic has a leader.
func (c *cluster) led(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.topics[name]
	return t != nil && len(t.leaders) > 0 && !slices.Contains(t.leaders, -1)
}

// topicNames lists the topics of the cluster that are not its own.
func (c *cluster) topicNames(ctx context.Context) ([]string, error) {
	all, err := c.allTopics(ctx)
	names := make([]string, len(all))
	for i, t := range all {
		names[i] = t.Name
	}
	return names, err
}

// allTopics describes the topics of the cluster that are not its own.
func (c *cluster) allTopics(ctx context.Context) ([]connectors.Topic, error) {
	c.mu.Lock()
	addr := c.addresses(c.servers[0])[0]
	c.mu.Unlock()
	m, err := call(ctx, c.pool, addr, func(b *sarama.Broker) (*sarama.MetadataResponse, error) {
		return b.GetMetadata(sarama.NewMetadataRequest(c.client.Version, nil))
	})
	if err != nil {
		return nil, c.explained(err)
	}
	var out []connectors.Topic
	for _, t := range m.Topics {
		if t.IsInternal {
			continue
		}
		out = append(out, connectors.Topic{Name: t.Name, Partitions: len(t.Partitions)})
	}
	slices.SortFunc(out, func(a, b connectors.Topic) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// listTopics is Connector.Topics.
func listTopics(ctx context.Context, t *connectors.Table, env connectors.Env) ([]connectors.Topic, error) {
	c := &config{table: t.Name, pattern: regexp.MustCompile("^$"), discovery: time.Second}
	if err := c.readClient(t.Options); err != nil {
		return nil, err
	}
	cl, err := connectTo(ctx, c, env)
	if err != nil {
		return nil, err
	}
	defer cl.pool.close()
	return cl.allTopics(ctx)
}
