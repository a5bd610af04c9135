package datagen_test

const tweetRows = `+1 1 ann en "what a game last night #sports" 76 "2026-01-01 00:00:00.000"
+1 2 bob en "streaming SQL without a cluster #data" 82 "2026-01-01 00:00:00.250"
+1 3 하은 ko "스트리밍 쿼리가 이렇게 쉬울 줄이야 #주말 #데이터" 43 "2026-01-01 00:00:00.500"
`

const seedRows = `+1 bob en
+1 민준 ko
+1 서연 ko
`

const fieldRows = `+1 false 70 25 580392 7 133394 88083 714445.046660097 757507.00 leb 0x6373796c6a636f6d717a 2016-08-15 162:57:20.000000 "1970-01-04 00:35:51.000"
+1 false 10 29 711175 8 991680 571068 34262.7600301984 618032.00 rak 0x6f79666179766969756d 2003-05-16 202:41:13.000000 "1970-01-12 10:32:22.000"
+1 true 13 34 238912 9 466018 480947 798428.9884640229 405259.00 oai 0x7861746379677a747a7a 1978-09-20 69:02:57.000000 "1970-01-06 14:30:00.000"
`

const (
	personRows = `+1 1000 "Kate Noris" zjxw@bwa.com "7367 9530 1371 0272" "Los Angeles" WA "2015-07-15 00:00:00.000" rahjbrqmwvrcwmdhhiioccxscrzhkdewprhogtsizfidoogcoacdzqtaarwdkkonpfuxzqhcezrfasuxybzwypoetqczinmuriiinbtxsvbtyfcbczoplvjlwlafiqzaz
`
	auctionRows = `+1 1000 "m fglpqeh" "hamgxekgqb  fiqhalveqr dprccljkhglmesljlnwcexbws" 205175 234247 "2015-07-15 00:00:00.000" "2015-07-15 00:00:00.153" 1005 10
+1 1001 gkuwxuqahuvbvyxhdt "qicygjr wswo o  e kzixjhfvaadtk  gawazdzevk" 28868979 28871568 "2015-07-15 00:00:00.000" "2015-07-15 00:00:00.092" 1000 11
`
	bidRows = `+1 1000 1001 500 Baidu https://www.nexmark.com/n_ur/dkl/__p/item.htm?query=1 "2015-07-15 00:00:00.000" ctveisbbivoavvcfidcbcyxagzjmoajlievvfuqsjzeebwzgqterrvkocuyaos
+1 1012 1001 1626739 channel-1109 https://www.nexmark.com/qukf/eueb/dfqu/item.htm?query=1&channel_id=1440743424 "2015-07-15 00:00:00.000" jguaeieidbvbpgnwheavpmfuuakvdtmnygaytcuxyonhqtyamjeitagsphafjqrjpcziyqmluxs
+1 1000 1001 1347398 channel-3864 https://www.nexmark.com/duo/qamg/adlj/item.htm?query=1&channel_id=418381824 "2015-07-15 00:00:00.000" ibgbdvfkdyovsojjegkmktuhearhmiehuklwfhyiggrcjeyryvtqwh
`
	adEventRows = `+1 8a7f74f2-bf3f-43c6-83b1-c8ad5a165122 3c7cc17d-6cf7-4730-a124-124fd2a41de5 4d5f0676-fdc8-4f8e-8a41-2e4ee1932869 mail view "2026-01-01 00:00:00.000" 1.2.3.4
+1 d7cec3ce-1d5f-4a6a-951b-4a48152656b1 1112339e-e56c-4270-ba75-bdc34c3d3edd bd99edf4-ecd7-4d94-9bdb-2f3883430420 modal click "2026-01-01 00:00:00.010" 1.2.3.4
+1 3523fdd0-745c-4e95-8498-a682f42d50cb 244a1508-3747-4393-bc67-76692d85fec2 1f5c4976-0118-4364-b3e1-8219e1a131be banner purchase "2026-01-01 00:00:00.020" 1.2.3.4
`
	adRows = `+1 3dd3d981-e1e2-45b8-85ce-345c2f33d3f2 14bb5371-4503-4fac-81c4-068dbf71807b
+1 497456a3-8cdf-44e3-8c09-4f76f1f43d1c 14bb5371-4503-4fac-81c4-068dbf71807b
+1 445d88a1-b5d3-4ba4-a543-44b1135eeb21 14bb5371-4503-4fac-81c4-068dbf71807b
`
)
