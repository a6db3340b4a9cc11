# A network that exists in Terraform's state only: `terraform_data` is built in, so nothing is downloaded.

terraform {
  required_version = ">= 1.4"
}

variable "zones" {
  description = "The zones, each with the range of its addresses."
  type        = map(string)
}

variable "peer_key" {
  description = "The key that the networks share."
  type        = string
  sensitive   = true
}

resource "terraform_data" "subnet" {
  for_each = var.zones
  input = {
    zone  = each.key
    range = each.value
  }
}

resource "terraform_data" "peering" {
  input = {
    key     = var.peer_key
    subnets = [for subnet in terraform_data.subnet : subnet.id]
  }
}

output "zones" {
  description = "The zones that have a subnet."
  value       = sort(keys(terraform_data.subnet))
}

output "peer_key" {
  description = "The key, for the other side."
  value       = var.peer_key
  sensitive   = true
}
