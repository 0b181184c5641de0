// Package stacks deploys stacks: it brings the services, networks, configs and secrets of a swarm into
// the state that a compose file says, as `docker stack deploy` does and by docker's own reading of that
// file, but with a plan that shows it before, by compare-and-set, and with a way back. It leaves out
// how the tasks of a service are followed.
package stacks
