package kafka

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"github.com/sqlstream/sqlstream/connectors"
)

// errAway says that no broker of the cluster answers. The user was told.
var errAway = errors.New("no broker answers")

// A cluster is what one table's source or sink knows of its Kafka cluster.
type cluster struct {
	*config
	env  connectors.Env
	pool *pool

	asking chan struct{} // held by the one that asks for metadata
	good   string        // the broker that answered last; of the one that asks

	mu         sync.Mutex
	brokers    map[int32]string
	controller int32
	clusterID  string
	topics     map[string]*topic
	splits     []connectors.Split
	asked      time.Time // when the metadata came
	version    int       // how often metadata came
	lost       error     // a topic that is no longer the one that was read
	said       map[string]bool
}

// A topic is a topic of the table as the cluster described it last.
type topic struct {
	id      sarama.Uuid
	leaders []int32   // by partition; -1 for none
	missing time.Time // since when the cluster does not know it; zero while it does
}

// connect opens the table's cluster and asks for its topics, waiting for a broker.
// Topics that do not exist are made where the table says so.
func connect(ctx context.Context, t *connectors.Table, env connectors.Env) (*cluster, error) {
	conf, err := configOf(t)
	if err != nil {
		return nil, err
	}
	return connectTo(ctx, conf, env)
}

func connectTo(ctx context.Context, conf *config, env connectors.Env) (*cluster, error) {
	if env.Now == nil {
		env.Now = time.Now
	}
	c := &cluster{
		config: conf, env: env, pool: newPool(conf.client), asking: make(chan struct{}, 1),
		topics: map[string]*topic{}, said: map[string]bool{},
	}
	if err := c.start(ctx); err != nil {
		c.pool.close()
		return nil, err
	}
	return c, nil
}

// loginAttempts is how often a broker may close the connection while we log in: some
// answer a wrong password so, and one that is starting may do it once.
const loginAttempts = 5

func (c *cluster) start(ctx context.Context) error {
	r := retry{c: c}
	for {
		err := c.refresh(ctx)
		if err == nil {
			break
		}
		if noSuchHost(err) {
			return fmt.Errorf("bootstrap.servers: %w", err)
		}
		if r.n >= loginAttempts && c.client.Net.SASL.Enable && errors.Is(err, io.EOF) {
			return c.explained(err)
		}
		if err := r.pause(ctx, err); err != nil {
			return err
		}
	}
	return c.requireTopics(ctx)
}

func noSuchHost(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}

// refresh asks the cluster for its brokers, topics and leaders. Callers that come
// while another asks share its answer.
func (c *cluster) refresh(ctx context.Context) error {
	c.mu.Lock()
	before := c.version
	c.mu.Unlock()
	select {
	case c.asking <- struct{}{}:
		defer func() { <-c.asking }()
	case <-ctx.Done():
		return ctx.Err()
	}
	c.mu.Lock()
	shared, addrs := c.version != before, c.addresses(c.good)
	c.mu.Unlock()
	if shared {
		return nil
	}
	var last error
	for _, addr := range addrs {
		m, err := call(ctx, c.pool, addr, func(b *sarama.Broker) (*sarama.MetadataResponse, error) {
			return b.GetMetadata(sarama.NewMetadataRequest(c.client.Version, c.config.topics))
		})
		if err == nil {
			c.good = addr
			c.answered()
			return c.learn(m)
		}
		if ctx.Err() != nil || !passing(err) {
			return c.explained(err)
		}
		last = err
	}
	c.say("", fmt.Sprintf("Kafka at %s does not answer: %v; waiting for it", strings.Join(c.servers, ", "), c.explained(last)))
	return fmt.Errorf("%w: %w", errAway, last)
}

// addresses lists whom to ask: first, if it is still one of them, the brokers
// known, then those of the table.
func (c *cluster) addresses(first string) []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(c.brokers)) {
		out = append(out, c.brokers[id])
	}
	for _, addr := range c.servers {
		if !slices.Contains(out, addr) {
			out = append(out, addr)
		}
	}
	if at := slices.Index(out, first); at > 0 {
		out[0], out[at] = out[at], out[0]
	}
	return out
}

// fresh refreshes what is older than the discovery interval.
func (c *cluster) fresh(ctx context.Context) error {
	c.mu.Lock()
	age := time.Since(c.asked)
	c.mu.Unlock()
	if age < c.discovery {
		return c.gone()
	}
	if err := c.refresh(ctx); err != nil && !passing(err) {
		return err
	}
	return c.gone()
}

// gone returns the error of a topic that was dropped or made again.
func (c *cluster) gone() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

// forgiveness is how long a topic may be missing before it counts as dropped: a
// broker that has just started may not know all of them yet.
const forgiveness = 10 * time.Second

// learn takes in what a broker said.
func (c *cluster) learn(m *sarama.MetadataResponse) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.brokers = make(map[int32]string, len(m.Brokers))
	for _, b := range m.Brokers {
		c.brokers[b.ID()] = b.Addr()
	}
	c.controller, c.asked = m.ControllerID, time.Now()
	if m.ClusterID != nil {
		c.clusterID = *m.ClusterID
	}
	c.version++
	there := map[string]bool{}
	for _, t := range m.Topics {
		switch {
		case t.Err == sarama.ErrUnknownTopicOrPartition:
			continue
		case t.Err != sarama.ErrNoError && t.Err != sarama.ErrLeaderNotAvailable:
			return fmt.Errorf("topic '%s': %w", t.Name, c.explained(t.Err))
		case c.pattern != nil && (t.IsInternal || !c.pattern.MatchString(t.Name)):
			continue
		}
		there[t.Name] = true
		c.learnTopic(t)
	}
	for _, name := range slices.Sorted(maps.Keys(c.topics)) {
		if !there[name] {
			c.missed(name)
		}
	}
	c.splits = c.splits[:0:0]
	for _, name := range slices.Sorted(maps.Keys(c.topics)) {
		for p := range c.topics[name].leaders {
			c.splits = append(c.splits, splitName(name, int32(p)))
		}
	}
	return nil
}

// learnTopic notes leaders, and that a topic is another one than before: it has the
// name and partitions, and other records at the same offsets.
func (c *cluster) learnTopic(m *sarama.TopicMetadata) {
	old := c.topics[m.Name]
	t := &topic{id: m.Uuid}
	if old != nil {
		t.leaders = slices.Clone(old.leaders)
		if old.id != m.Uuid && c.lost == nil {
			c.lost = fmt.Errorf("topic '%s' was dropped and made again while it was used; what had not been read of the old one is lost; drop the query and create it again to start anew", m.Name)
		}
	}
	for p := range t.leaders {
		t.leaders[p] = -1
	}
	for _, p := range m.Partitions {
		for int(p.ID) >= len(t.leaders) {
			t.leaders = append(t.leaders, -1)
		}
		t.leaders[p.ID] = p.Leader
	}
	c.topics[m.Name] = t
}

func (c *cluster) missed(name string) {
	t := c.topics[name]
	for p := range t.leaders {
		t.leaders[p] = -1
	}
	if t.missing.IsZero() {
		t.missing = c.asked
	}
	if c.asked.Sub(t.missing) > forgiveness && c.lost == nil {
		c.lost = fmt.Errorf("topic '%s' was dropped while it was used", name)
	}
}

// leader returns the address of the broker that leads a partition.
func (c *cluster) leader(s connectors.Split) (string, bool) {
	name, part := splitOf(s)
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.topics[name]
	if t == nil || int(part) >= len(t.leaders) {
		return "", false
	}
	addr, ok := c.brokers[t.leaders[part]]
	return addr, ok
}

// byLeader divides splits among their leaders; those without one come last.
func (c *cluster) byLeader(splits []connectors.Split) (map[string][]connectors.Split, []connectors.Split) {
	groups := map[string][]connectors.Split{}
	var none []connectors.Split
	for _, s := range splits {
		if addr, ok := c.leader(s); ok {
			groups[addr] = append(groups[addr], s)
		} else {
			none = append(none, s)
		}
	}
	return groups, none
}

// partitions returns how many partitions a topic has.
func (c *cluster) partitionsOf(name string) int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.topics[name]; t != nil {
		return int32(len(t.leaders))
	}
	return 0
}

// topicID tells a topic from another one of its name, "" where it is not known.
func (c *cluster) topicID(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.topics[name]; t != nil && t.id != (sarama.Uuid{}) {
		return base64.RawURLEncoding.EncodeToString(t.id[:])
	}
	return ""
}

// say tells the user something once, until over takes it back.
func (c *cluster) say(key, text string) {
	c.mu.Lock()
	already := c.said[key] || c.said[""]
	if !already {
		c.said[key] = true
	}
	c.mu.Unlock()
	if !already {
		c.notice(text)
	}
}

// over tells the user that what was said holds no longer.
func (c *cluster) over(key, text string) {
	c.mu.Lock()
	was := c.said[key]
	delete(c.said, key)
	c.mu.Unlock()
	if was {
		c.notice(text)
	}
}

// answered takes back that no broker answers.
func (c *cluster) answered() {
	c.over("", "Kafka at "+strings.Join(c.servers, ", ")+" answers again")
}

func (c *cluster) notice(text string) {
	if c.env.Notice != nil {
		c.env.Notice("table " + c.table + ": " + text)
	}
}

// splitName is the split of a partition.
func splitName(topic string, partition int32) connectors.Split {
	return connectors.Split(fmt.Sprintf("%s/%d", topic, partition))
}

// splitOf divides a split's name.
func splitOf(s connectors.Split) (topic string, partition int32) {
	at := strings.LastIndexByte(string(s), '/')
	if at < 0 {
		return string(s), 0
	}
	for _, digit := range s[at+1:] {
		partition = partition*10 + digit - '0'
	}
	return string(s[:at]), partition
}
