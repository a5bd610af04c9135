package datagen

import "strings"

// The languages of made-up tweets, and what is said in them.
var languages = []struct {
	code  string
	users []string
	texts []string
	tags  []string
}{
	{"ko", []string{"민준", "서연", "지우", "하은"}, []string{
		"오늘 서울 날씨 정말 좋다", "점심은 김치찌개가 최고", "새 프로젝트를 시작했어요", "주말에 한강에서 산책", "스트리밍 쿼리가 이렇게 쉬울 줄이야",
	}, []string{"서울", "점심", "개발", "주말", "데이터"}},
	{"en", []string{"ann", "bob", "carol", "dave"}, []string{
		"just shipped a new release", "coffee first, then code", "streaming SQL without a cluster", "what a game last night", "reading about incremental views",
	}, []string{"golang", "coffee", "data", "sports", "sql"}},
	{"ja", []string{"さくら", "健太", "美咲", "大輔"}, []string{
		"今日は東京も晴れ", "新しいラーメン屋を見つけた", "ストリーム処理を勉強中", "週末は京都へ行く", "猫がかわいすぎる",
	}, []string{"東京", "ラーメン", "開発", "京都", "猫"}},
}

// tweetRate is how many tweets a second of their own time has.
const tweetRate = 4

// tweet returns made-up tweet number n: the same for the same seed and number.
func tweet(seed uint64, n int64) (user, lang, text string, retweets int64) {
	h := mix(seed ^ mix(uint64(n)))
	l := languages[h%uint64(len(languages))]
	pick := func(list []string) string {
		h = mix(h)
		return list[h%uint64(len(list))]
	}
	user, text = pick(l.users), pick(l.texts)
	tags := []string{}
	for range 1 + mix(h)%2 {
		if t := "#" + pick(l.tags); len(tags) == 0 || tags[0] != t {
			tags = append(tags, t)
		}
	}
	h = mix(h)
	return user, l.code, text + " " + strings.Join(tags, " "), int64(h % 100)
}

// tweetColumns are the columns of made-up tweets.
func tweetColumns(s settings) []made {
	text := func(of func(user, lang, text string) string) func(to []byte, n int64) []byte {
		return func(to []byte, n int64) []byte {
			user, lang, text, _ := tweet(s.seed, n)
			return append(to, of(user, lang, text)...)
		}
	}
	return []made{
		{name: "id", number: func(n int64) int64 { return n + 1 }},
		{name: "user", text: text(func(user, _, _ string) string { return user })},
		{name: "lang", text: text(func(_, lang, _ string) string { return lang })},
		{name: "text", text: text(func(_, _, text string) string { return text })},
		{name: "retweets", number: func(n int64) int64 { _, _, _, r := tweet(s.seed, n); return r }},
		{name: "created_at", moment: s.at},
	}
}
