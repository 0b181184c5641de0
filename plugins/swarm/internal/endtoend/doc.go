// Package endtoend tests the plugin as an operator meets it: the real gatebook, the real plugin
// and real engines, each a process of its own. What is typed and what must come back are the scripts of
// testdata/script, which a new one joins by being there. Those of testdata/alone have a swarm of their own
// each, since they break it or are about the whole of it.
//
// In a script, docker talks to the first manager, as does a connection whose environment names DOCKER_HOST;
// $N0, $N1 and so on are the addresses of the engines of the nodes n0, n1 and so on, all of them managers. What a
// script makes, it calls by a name that begins with $NAME, which is its alone, so that it can be removed when the
// script ends; $PORT is the first of nine ports that are its alone, of which replica 1 listens on the second
// where its environment has PORT=$PORTS. All nodes have the images demo:v1, demo:v2, demo:bad, which does not start, and
// demo:sick, whose health check fails; $REGISTRY has none before push IMAGE.
//
// Beside the commands of cmd/gatebook/script there are:
//
//	plugins N             wait until N processes of the plugin run
//	let VARIABLE          set a variable to what the last program has printed
//	push IMAGE            put an image into the registry
//	load start SERVICE    send requests to the replicas of a service
//	load await VERSION    wait until a version has answered a hundred more of them, of each client
//	load stop             end that, and write what became of them into the file load; make test-swarm shows it
//	door VARIABLE PORTS   set a variable to an address here that leads to the replicas which have these ports
//	leader                set $LEADER to the name of the node that leads and $LEADER_HOST to the address of its
//	                      engine, and $FOLLOWER and $FOLLOWER_HOST to those of another manager
//	crash NODE            take a node's power away
//	up NODE               give it back
//	cut NODE, heal NODE   pull the plug of its network, and put it in again
//	whole                 wait until all nodes are ready, and all managers reachable
//
// It holds tests only.
package endtoend
