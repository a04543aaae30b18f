// E0308: an approved order out of a plain request
use hardstop::domain::venue::VenueRequest;
use hardstop::risk::token::ApprovedOrder;

pub fn forge(request: VenueRequest) -> ApprovedOrder {
    ApprovedOrder::from(request)
}
