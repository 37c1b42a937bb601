"""What a chain of two copies of a card may not acknowledge, and how frames are told apart."""

from cloud_broker.domain.chain import DeviceChain, Piece, join, proof_for, threads

A, B, C, D = (bytes([number]) * 32 for number in range(1, 5))


def test_a_chain_that_contradicted_itself_acknowledges_nothing() -> None:
    whole = join(DeviceChain(), 1, [bytes(32), A, B]).chain
    assert proof_for(whole, 1, 9) == (((1, 2), B),)
    assert proof_for(whole, 3, 9) == ()
    torn = join(whole, 3, [C, D]).chain
    assert torn.ranges == ((1, 3),)
    assert proof_for(torn, 2, 9) == (((2, 9), bytes(32)),)


def test_frames_that_follow_each_other_are_one_range() -> None:
    assert threads([Piece(3, 4, B, C), Piece(1, 2, A, B)]) == ((Piece(1, 4, A, C),),)
    assert threads([]) == ()


def test_frames_that_do_not_follow_each_other_stay_apart() -> None:
    one, other = Piece(1, 2, A, B), Piece(3, 4, C, D)
    assert threads([one, other]) == ((one, other),)


def test_the_same_sequences_twice_go_into_two_acks_and_a_repeat_into_one() -> None:
    one, fork = Piece(1, 2, A, B), Piece(1, 2, A, C)
    assert threads([one, fork]) == ((one,), (fork,))
    assert threads([one, one]) == ((one,),)
