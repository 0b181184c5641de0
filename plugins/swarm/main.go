// Command gatebook-plugin-swarm serves gatebook's actions for Docker Swarm.
package main

import "github.com/gatebook/gatebook/plugins/sdk/serve"

func main() { serve.Main(swarm()) }
